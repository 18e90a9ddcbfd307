#include <mosquitto.h>
#include <mqtt_protocol.h>
// Wakes the thread that waits on the library's socket; Swift's Glibc module leaves it out.
#include <sys/eventfd.h>
