"""The live shell: one supervised socket.io connection to the vendor, its events handed on in order."""

from calltrack.live.credentials import (
    Account,
    Credentials,
    Token,
    User,
    credentials_from_env,
    credentials_from_file,
)
from calltrack.live.errors import ConnectFailed, CredentialsError, LiveError, LoginFailed, LoginRefused
from calltrack.live.login import DEFAULT_SERVERS, Endpoints, LoginApi, Session
from calltrack.live.supervisor import Supervisor
from calltrack.live.timing import Timing

__all__ = [
    "DEFAULT_SERVERS",
    "Account",
    "ConnectFailed",
    "Credentials",
    "CredentialsError",
    "Endpoints",
    "LiveError",
    "LoginApi",
    "LoginFailed",
    "LoginRefused",
    "Session",
    "Supervisor",
    "Timing",
    "Token",
    "User",
    "credentials_from_env",
    "credentials_from_file",
]
