"""Runs a program that the kernel refuses io_uring to, as container profiles do:

    python3 refuse_uring.py ERRNO program [argument …]

With `-` for the program nothing runs; exit status 3 when this machine has no seccomp.
"""
import ctypes
import os
import struct
import sys

IO_URING_SETUP = 425  # on every architecture
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
RETURN_ERRNO, RETURN_ALLOW = 0x00050000, 0x7fff0000


def refuse(error):
    rows = [(0x20, 0, 0, 0),                       # load the number of the system call
            (0x15, 0, 1, IO_URING_SETUP),          # equal: next row, else the one behind it
            (0x06, 0, 0, RETURN_ERRNO | error),
            (0x06, 0, 0, RETURN_ALLOW)]
    code = ctypes.create_string_buffer(b''.join(struct.pack('=HBBI', *row) for row in rows))
    program = ctypes.create_string_buffer(struct.pack('@HP', len(rows), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    return (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            and libc.prctl(PR_SET_SECCOMP, MODE_FILTER, program, 0, 0) == 0)


if not refuse(int(sys.argv[1])):
    sys.exit(3)
if sys.argv[2] != '-':
    os.execv(sys.argv[2], sys.argv[2:])
