"""The operations of `lockedfile` for asyncio: the event loop goes on while they wait, read and write.

    from lockedfile import aio

    async with asyncio.timeout(5):
        await aio.aedit("go.mod", lambda content: content.replace(b"go 1.26\\n", b"go 1.27\\n"))

Each of them takes what its synchronous namesake takes, promises what that promises, and runs it in a thread of its own.
To cancel the task ends the wait.
"""

from ._edit import aedit, aread, awrite
from ._file import AsyncLockedFile
from ._open import aopen

__all__ = ["AsyncLockedFile", "aedit", "aopen", "aread", "awrite"]
