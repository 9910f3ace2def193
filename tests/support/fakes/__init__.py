"""The outside world as small ASGI apps: WeChat, WeCom and an OpenID provider, in process or as a server of loopback."""
