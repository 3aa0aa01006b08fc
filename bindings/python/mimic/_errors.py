"""What goes wrong, as exceptions."""


class MimicError(Exception):
    """A call of the library failed.

    Attributes: code (int, a status of status.h), name ("MIMIC_ERR_IO"), message, source, record and
    line (from 1), byte_offset (from 0), column, sqlstate. Unknown numbers and texts are None.
    """

    def __init__(self, message, *, code=None, name=None, source=None, record=None, line=None,
                 byte_offset=None, column=None, sqlstate=None):
        super().__init__(message)
        self.message = message
        self.code, self.name = code, name
        self.source, self.record, self.line, self.byte_offset = source, record, line, byte_offset
        self.column, self.sqlstate = column, sqlstate


def from_struct(status, error):
    """The exception for a failed call, from its mimic_error."""

    def text(data):
        return data.decode("utf-8", "replace") or None

    def number(value):
        return value if value > 0 else None

    return MimicError(text(error.message) or f"status {status}", code=status, source=text(error.source),
                      record=number(error.record), line=number(error.line),
                      byte_offset=error.byte_offset if error.byte_offset >= 0 else None,
                      column=text(error.column), sqlstate=text(error.sqlstate))
