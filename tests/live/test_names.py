import calltrack.live


def test_the_public_names() -> None:
    """These and no others, and each is there."""
    expected = [
        *("DEFAULT_SERVERS", "Account", "AccountsError", "AnsweredCall", "BlockingStream", "CannotUseCA", "Changes"),
        *("ConnectFailed", "Credentials", "CredentialsError", "Desk", "EndedCall", "Endpoints", "Happening"),
        *("LiveError", "LoginApi", "LoginFailed", "LoginRefused", "Missed", "MissedCall", "Network", "RingingCall"),
        *("Session", "Stream"),
        *("Supervisor", "Timing", "Token", "User"),
        *("connect", "credentials_from_env", "credentials_from_file", "listen"),
    ]

    assert expected == calltrack.live.__all__
    assert all(getattr(calltrack.live, name) is not None for name in expected)
