"""What goes wrong, told so that the reader knows what to do."""


class Failure(Exception):
    """Ends the program with the message and one of the exit statuses of sysexits.h."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status
