"""Tokens and the encryption of personal data: the only package that imports jose or touches key material."""

from api.security.tokens import AUDIENCE, Claims, Tokens
from api.security.vault import Vault

__all__ = ["AUDIENCE", "Claims", "Tokens", "Vault"]
