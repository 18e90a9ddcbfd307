"""What goes wrong, told so that the reader knows what to do."""


class StackError(Exception):
    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status
