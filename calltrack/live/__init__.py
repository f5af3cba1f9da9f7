"""The live shell: one supervised socket.io connection to the vendor, and a tracker that it feeds.

`Desk` calls handlers with one flat record for each call that rings, is answered, is missed or has ended. `connect`
gives the stream of all changes to asyncio programs, `listen` to all others.
"""

from calltrack.live.blocking import BlockingStream, listen
from calltrack.live.credentials import (
    Account,
    Credentials,
    Token,
    User,
    credentials_from_env,
    credentials_from_file,
)
from calltrack.live.desk import Desk
from calltrack.live.errors import AccountsError, ConnectFailed, CredentialsError, LiveError, LoginFailed, LoginRefused
from calltrack.live.happenings import AnsweredCall, EndedCall, Happening, MissedCall, RingingCall
from calltrack.live.login import DEFAULT_SERVERS, Endpoints, LoginApi, Session
from calltrack.live.network import CannotUseCA, Network
from calltrack.live.stream import Changes, Missed, Stream, connect
from calltrack.live.supervisor import Supervisor
from calltrack.live.timing import Timing

__all__ = [
    "DEFAULT_SERVERS",
    "Account",
    "AccountsError",
    "AnsweredCall",
    "BlockingStream",
    "CannotUseCA",
    "Changes",
    "ConnectFailed",
    "Credentials",
    "CredentialsError",
    "Desk",
    "EndedCall",
    "Endpoints",
    "Happening",
    "LiveError",
    "LoginApi",
    "LoginFailed",
    "LoginRefused",
    "Missed",
    "MissedCall",
    "Network",
    "RingingCall",
    "Session",
    "Stream",
    "Supervisor",
    "Timing",
    "Token",
    "User",
    "connect",
    "credentials_from_env",
    "credentials_from_file",
    "listen",
]
