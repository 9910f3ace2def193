"""Tokens and the encryption of personal data: the only package that imports jose or touches key material."""

from api.security.checkpoints import Notary, notarised, witness_key, witnessed
from api.security.columns import Sealed, SealedValue, seal_row, sealed_columns
from api.security.handed_out import hand_out, take_back
from api.security.passwords import (
    fits,
    hash_password,
    new_recovery_codes,
    new_set_up_code,
    new_totp,
    totp_address,
    totp_step,
)
from api.security.signing import new_signing_key, rotate_kept
from api.security.tokens import AUDIENCE, Claims, Tokens
from api.security.vault import Vault
from api.security.wrapping import KeyUnknown, KeyWrapper

__all__ = [
    "AUDIENCE",
    "Claims",
    "KeyUnknown",
    "KeyWrapper",
    "Notary",
    "Sealed",
    "SealedValue",
    "Tokens",
    "Vault",
    "fits",
    "hand_out",
    "hash_password",
    "new_recovery_codes",
    "new_set_up_code",
    "new_signing_key",
    "new_totp",
    "notarised",
    "rotate_kept",
    "seal_row",
    "sealed_columns",
    "take_back",
    "totp_address",
    "totp_step",
    "witness_key",
    "witnessed",
]
