"""The tables of the configuration file for what the vendor posts: `[cdr]` and `[popup]`."""

from __future__ import annotations

from msgspec import Struct

from calltrack.serve.security.secrets import ConfigError, secret_of

ACCOUNT = "{account}"
_SHORTEST = 16  # characters of a secret


class Posts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An address that the vendor posts to: the secret is its last part, from the environment or a file.

    Of many accounts each has its own: `{account}` in the variable's or the file's name stands for the account's.
    """

    secret_env: str = ""
    secret_file: str = ""

    @property
    def of_each(self) -> bool:
        """Whether each account has its own secret."""
        return ACCOUNT in self.secret_env + self.secret_file

    def secret(self, table: str, account: str = "") -> bytes:
        """What the address must end with; raises ConfigError."""
        if self.of_each != bool(account):
            need = f"needs {ACCOUNT} in secret_file or secret_env" if account else f"has {ACCOUNT} for --accounts only"
            raise ConfigError(f"[{table}]: the secret {need}")
        env, file = (name.replace(ACCOUNT, account) for name in (self.secret_env, self.secret_file))
        secret = secret_of(f"[{table}]", "secret", env, file, _SHORTEST)
        if not secret.isascii() or not secret.replace("-", "").replace("_", "").isalnum():
            raise ConfigError(f"[{table}]: its secret is part of an address: use letters, digits, - and _")
        return secret.encode()


class CdrTable(Posts, frozen=True, kw_only=True):
    """`[cdr]`: CDR notifications are taken at /cdr/SECRET."""


class PopupTable(Posts, frozen=True, kw_only=True):
    """`[popup]`: pop-up requests are answered at /popup/SECRET.

    url: the page to open, with {number}, {call_id}, {extension}, {did}, {name}, {status} and {direction}. lookup: a CSV
    file with the columns number, name and company. hook: a function as `module:function`; it gets these values as a
    dict and returns a dict with url, name and company, any of which may be missing. origins: pages whose browsers may
    read the answer (Access-Control-Allow-Origin).
    """

    url: str = ""
    lookup: str = ""
    hook: str = ""
    origins: frozenset[str] = frozenset()
