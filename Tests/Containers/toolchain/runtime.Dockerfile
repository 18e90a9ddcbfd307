# Debian's base image with Swift's libraries where those programs look for them: the real build links them in.
FROM debian-base
ARG LIBRARIES
COPY libraries $LIBRARIES
