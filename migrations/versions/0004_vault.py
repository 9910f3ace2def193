"""Keys and sealed columns: what people wrote and what names them is sealed, what stood in plain among it.

Sealing needs the master key: rows are upgraded by `dualreport migrate`, which brings the vault along. Going down keeps
everything sealed, as text behind a mark, and the root key in the tenants' settings, so that going up again opens it.
"""

import base64
import json
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.dialects.postgresql import JSONB

from api.security.wrapping import derived

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MARK = "sealed:"
ROOT = "vaultRoot"
BATCH = 500
# table → sealed columns, each with its kind and whether it may be empty
SEALED = {
    "activities": {"description": "text!", "risks": "text!", "reason": "text"},
    "affiliations": {"roster_number": "text", "reason": "text", "details": "json!"},
    "assessments": {"subject_key": "text!", "bundle": "json!", "judgement": "json!"},
    "cases": {"reason": "text!", "facts": "json!", "answer": "text"},
    "deliveries": {"remark": "text"},
    "documents": {"title": "text!", "content": "json!", "reason": "text"},
    "events": {"details": "json!"},
    "facts": {"details": "json!"},
    "files": {"name": "text!"},
    "identities": {"subject": "text!"},
    "jobs": {"input": "json!", "result": "json!"},
    "needs": {"title": "text!", "description": "text!", "when_text": "text", "reason": "text"},
    "organization_links": {"reason": "text"},
    "projects": {"reason": "text", "result": "json!"},
    "resources": {"description": "text!", "reason": "text"},
}
INDEXED = {"affiliations": "roster_number", "identities": "subject"}  # table → the column that is found by equality
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
OF_PEOPLE = ("name", "phone", "id_number")


def upgrade() -> None:
    op.create_table(
        "vault_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_vault_keys")),
    )
    vault = _vault()
    with _unguarded():
        op.drop_index("uq_affiliations_roster", "affiliations")
        with op.batch_alter_table("identities") as identities:
            identities.drop_constraint("uq_identities_tenant_id_provider_subject", type_="unique")
        for table, column in INDEXED.items():
            op.add_column(table, sa.Column(f"{column}_index", sa.String(), nullable=True))
        for table, columns in SEALED.items():
            for column, kind in columns.items():
                _retype(table, column, kind, sa.LargeBinary(), "convert_to({}::text, 'UTF8')", "CAST({} AS BLOB)")
            _seal(table, columns, vault)
        _seal_files(vault)
        _seal_people(vault)
        _one_number_a_unit("roster_number_index")
        op.create_index("uq_identities_subject", "identities", ["tenant_id", "provider", "subject_index"], unique=True)


def downgrade() -> None:
    _keep_root()
    with _unguarded():
        op.drop_index("uq_affiliations_roster", "affiliations")
        op.drop_index("uq_identities_subject", "identities")
        for table, columns in SEALED.items():
            _mark(table, columns)
            for column, kind in columns.items():
                old = JSON if kind.startswith("json") else sa.String()
                cast = "::jsonb" if kind.startswith("json") else ""
                _retype(table, column, kind, old, "convert_from({}, 'UTF8')" + cast, "CAST({} AS TEXT)")
        _mark("files", {"content": "bytes!"})
        _mark("people", dict.fromkeys(("wrapped_key", *OF_PEOPLE), "bytes"))
        for table, column in INDEXED.items():
            op.drop_column(table, f"{column}_index")
        _one_number_a_unit("roster_number")
        with op.batch_alter_table("identities") as identities:
            identities.create_unique_constraint(
                "uq_identities_tenant_id_provider_subject", ["tenant_id", "provider", "subject"]
            )
    op.drop_table("vault_keys")


def _one_number_a_unit(column):
    where = sa.text(f"{column} IS NOT NULL AND valid_to IS NULL")
    op.create_index(
        "uq_affiliations_roster", "affiliations", ["tenant_id", "organization_id", column], unique=True,
        sqlite_where=where, postgresql_where=where,
    )  # fmt: skip


def _retype(table, column, kind, new, postgresql, sqlite):
    """Give a column another type; SQLite's columns are made anew beside the old ones, which keeps all else."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(table, column, type_=new, postgresql_using=postgresql.format(column))
        return
    needed = {"nullable": False, "server_default": sa.text("''")} if kind.endswith("!") else {"nullable": True}
    op.add_column(table, sa.Column(f"{column}_anew", new, **needed))
    old, anew = sa.column(column), sa.column(f"{column}_anew")
    filled = sa.update(sa.table(table, old, anew)).where(old.is_not(None))
    op.get_bind().execute(filled.values({anew: sa.literal_column(sqlite.format(column))}))
    op.drop_column(table, column)
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {column}_anew TO {column}")


@contextmanager
def _unguarded():
    """Let append-only rows and issued documents be written while this lasts: their content stays what it was."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        found = (
            "SELECT tgname, tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal "
            "AND tgrelid IN ('facts'::regclass, 'events'::regclass, 'documents'::regclass)"
        )
    else:
        found = (
            "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' "
            "AND tbl_name IN ('facts', 'events', 'documents')"
        )
    triggers = bind.exec_driver_sql(found).all()
    for name, table, _ in triggers:
        op.execute(f"DROP TRIGGER {name} ON {table}" if bind.dialect.name == "postgresql" else f"DROP TRIGGER {name}")
    yield
    for _, _, made in triggers:
        bind.exec_driver_sql(made)


class _Lazy:
    """The vault that the migration was given, asked for only where there is anything to seal."""

    def __init__(self, given):
        self._given, self._known = given, False

    def __call__(self):
        if self._given is None:
            raise RuntimeError("rows have to be sealed: migrate with `dualreport migrate`, which has the master key")
        if not self._known:
            bind, keys = (
                op.get_bind(),
                sa.table("vault_keys", sa.column("number"), sa.column("wrapped", sa.LargeBinary)),
            )
            root = _kept_root() or self._given.new_root(1)
            bind.execute(sa.insert(keys).values(number=1, wrapped=root))
            self._given.learn([(1, root)])
            self._known = True
        return self._given


def _vault():
    return _Lazy(op.get_context().config.attributes.get("vault"))


def _batches(table, columns):
    """Yield the table and its rows (id, tenant_id, columns) some at a time, in the order of their ids."""
    shown = sa.table(table, sa.column("id", sa.Uuid()), sa.column("tenant_id", sa.Uuid()), *columns)
    after = None
    while True:
        some = sa.select(*shown.c).order_by(shown.c.id).limit(BATCH)
        rows = op.get_bind().execute(some if after is None else some.where(shown.c.id > after)).all()
        if not rows:
            return
        yield shown, rows
        after = rows[-1].id


def _write(shown, changed):
    if changed:
        names = [name for name in changed[0] if name != "row"]
        update = sa.update(shown).where(shown.c.id == sa.bindparam("row", type_=sa.Uuid()))
        op.get_bind().execute(update.values({name: sa.bindparam(f"{name}_new") for name in names}), [
            {"row": each["row"], **{f"{name}_new": each[name] for name in names}} for each in changed
        ])  # fmt: skip


def _seal(table, columns, vault):
    found_by = INDEXED.get(table)
    more = [sa.column(f"{found_by}_index", sa.String())] if found_by else []
    listed = [sa.column(name, sa.LargeBinary()) for name in columns]
    for shown, rows in _batches(table, [*listed, *more]):
        changed = []
        for row in rows:
            new = {name: _sealed(vault, table, name, kind, row) for name, kind in columns.items()}
            if found_by:
                name, value = f"{table}.{found_by}", new[found_by]
                plain = value and vault().open_value(name, row.tenant_id, row.id, value)
                new[f"{found_by}_index"] = (plain and vault().index(row.tenant_id, name, plain.decode())) or None
            changed.append({"row": row.id, **new})
        _write(shown, changed)


def _sealed(vault, table, column, kind, row):
    """Return what a column is to hold: nothing, no bytes for what is empty, what was sealed before, or sealed now."""
    plain = getattr(row, column)
    if plain is None or plain in (b"", b"{}", b"[]"):
        return None if plain is None else b""
    before = json.loads(plain) if kind.startswith("json") else plain.decode()
    before = before.get(MARK) if isinstance(before, dict) and len(before) == 1 else before
    if isinstance(before, str) and before.startswith(MARK):
        vault()
        return base64.b64decode(before.removeprefix(MARK))
    return vault().seal_value(f"{table}.{column}", row.tenant_id, row.id, plain)


def _seal_files(vault):
    for shown, rows in _batches("files", [sa.column("content", sa.LargeBinary())]):
        changed = []
        for row in rows:
            content = _unmarked(row.content)
            if content is None:
                nonce, old = row.content[:12], row.content[12:]
                plain = _before(vault, "store").decrypt(nonce, old, f"files.content:{row.id.hex}".encode())
                content = vault().seal_value("files.content", row.tenant_id, row.id, plain)
            changed.append({"row": row.id, "content": content})
        _write(shown, changed)


def _seal_people(vault):
    indexes = [f"{name}_index" for name in OF_PEOPLE]
    kinds = [sa.column(name, sa.LargeBinary()) for name in ("wrapped_key", *OF_PEOPLE)]
    for shown, rows in _batches("people", [*kinds, *(sa.column(name, sa.String()) for name in indexes)]):
        changed = []
        for row in rows:
            if row.wrapped_key is None:
                continue
            key = _unmarked(row.wrapped_key)
            if key is not None:
                vault()
                old = {name: _unmarked(getattr(row, name)) for name in OF_PEOPLE}
                changed.append({"row": row.id, "wrapped_key": key, **old, **{n: getattr(row, n) for n in indexes}})
            else:
                changed.append({"row": row.id, **_person(vault, row)})
        _write(shown, changed)


def _person(vault, row):
    key = AESGCM(_before(vault, "wrap").decrypt(row.wrapped_key[:12], row.wrapped_key[12:], row.id.bytes))
    new = {"wrapped_key": vault().new_key(row.id)}
    for name in OF_PEOPLE:
        old = getattr(row, name)
        bound = f"people.{name}:{row.id.hex}".encode()
        plain = None if old is None else key.decrypt(old[:12], old[12:], bound).decode()
        new[name] = None if plain is None else vault().seal(new["wrapped_key"], row.id, name, plain)
        new[f"{name}_index"] = None if plain is None else vault().index(row.tenant_id, name, plain)
    return new


def _before(vault, purpose):
    """Return the cipher of the first schema, which the last of the given master keys was then."""
    return AESGCM(derived(vault().wrapper.masters[-1], purpose))


def _mark(table, columns):
    for shown, rows in _batches(table, [sa.column(name, sa.LargeBinary()) for name in columns]):
        _write(
            shown,
            [{"row": row.id, **{n: _marked(getattr(row, n), kind) for n, kind in columns.items()}} for row in rows],
        )


def _marked(value, kind):
    if value is None or (not value and kind.startswith("text")):
        return value
    if kind.startswith("bytes"):
        return MARK.encode() + value
    text = MARK + base64.b64encode(value).decode()
    if kind.startswith("json"):
        text = json.dumps({MARK: text} if value else {})
    return text.encode()


def _unmarked(value):
    return value.removeprefix(MARK.encode()) if value is not None and value.startswith(MARK.encode()) else None


_TENANTS = sa.table("tenants", sa.column("id", sa.Uuid()), sa.column("settings", JSON))


def _keep_root():
    root = op.get_bind().scalar(sa.text("SELECT wrapped FROM vault_keys WHERE number = 1"))
    if root is None:
        return
    for tenant in op.get_bind().execute(sa.select(*_TENANTS.c)).all():
        settings = {**tenant.settings, ROOT: base64.b64encode(root).decode()}
        op.get_bind().execute(sa.update(_TENANTS).where(_TENANTS.c.id == tenant.id).values(settings=settings))


def _kept_root():
    root = None
    for tenant in op.get_bind().execute(sa.select(*_TENANTS.c)).all():
        settings = dict(tenant.settings)
        if ROOT in settings:
            root = base64.b64decode(settings.pop(ROOT))
            op.get_bind().execute(sa.update(_TENANTS).where(_TENANTS.c.id == tenant.id).values(settings=settings))
    return root
