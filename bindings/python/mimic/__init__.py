"""Messy clinical data into typed, validated tables."""

from ._errors import MimicError
from ._ffi import lib as _lib

__version__ = _lib.mimic_version().decode()
__all__ = ["MimicError"]
