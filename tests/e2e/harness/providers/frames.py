"""Frames of AWS's binary event stream (application/vnd.amazon.eventstream)."""
import struct
import zlib


def frame(headers, payload):
    """headers: name -> text; all go as strings, which is type 7."""
    block = b''.join(bytes([len(name)]) + name.encode() + b'\x07' + struct.pack('>H', len(value)) + value.encode()
                     for name, value in headers.items())
    prelude = struct.pack('>II', 16 + len(block) + len(payload), len(block))
    message = prelude + struct.pack('>I', zlib.crc32(prelude)) + block + payload
    return message + struct.pack('>I', zlib.crc32(message))
