-- The control plane. The tenant comes first in every key, so that rows can be spread by it. Row-level security is not here: `schema.rs` puts it on
-- every table with a column `tenant`, but for the first one. Instants are two numbers: ticks of 100 ns and the form they were written in.

-- What replicas ask for, of many tenants at once: the only table of tenants that shows all of them to everybody.
CREATE TABLE tenant_version (
    tenant uuid PRIMARY KEY,
    version bigint NOT NULL
);
-- Of nobody: it is written to see whether writing works.
INSERT INTO tenant_version VALUES ('00000000-0000-0000-0000-000000000000', 0);

-- `next_seq` numbers everything in a tenant; no number is used twice.
CREATE TABLE tenants (
    tenant uuid PRIMARY KEY,
    next_seq bigint NOT NULL
);

-- Uniqueness of ids and priorities is kept by the rules, which run while the tenant's row in `tenant_version` is locked. `status_version` and
-- `status_count` are an administrator's; what clients add to them is with their rows.
CREATE TABLE configurations (
    tenant uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    created_ticks bigint NOT NULL,
    created_form integer NOT NULL,
    modified_ticks bigint NOT NULL,
    modified_form integer NOT NULL,
    version bigint NOT NULL,
    summary_succeeded integer,
    summary_failed integer,
    recorded boolean NOT NULL,
    status_version bigint NOT NULL,
    status_count bigint NOT NULL,
    PRIMARY KEY (tenant, seq)
);

CREATE TABLE client_configurations (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    display_name text COLLATE "C",
    description text COLLATE "C",
    priority integer NOT NULL,
    created_ticks bigint NOT NULL,
    created_form integer NOT NULL,
    modified_ticks bigint NOT NULL,
    modified_form integer NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, seq)
);

CREATE TABLE assignments (
    tenant uuid NOT NULL,
    client bigint NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    target smallint,
    group_id text COLLATE "C",
    created_ticks bigint NOT NULL,
    created_form integer NOT NULL,
    modified_ticks bigint NOT NULL,
    modified_form integer NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, client, seq)
);

CREATE TABLE payloads (
    tenant uuid NOT NULL,
    client bigint NOT NULL,
    which smallint NOT NULL,
    media_type text COLLATE "C" NOT NULL,
    sha256 bytea NOT NULL,
    modified_ticks bigint NOT NULL,
    modified_form integer NOT NULL,
    version bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (tenant, client, which)
);
-- Streams are mostly small settings documents or compressed already.
ALTER TABLE payloads ALTER COLUMN content SET STORAGE EXTERNAL;

-- One row a commit: what delta, audit and other replicas follow from. `commit_id` tells a writer that lost the answer whether its commit happened.
CREATE TABLE change_log (
    tenant uuid NOT NULL,
    version bigint NOT NULL,
    commit_id uuid NOT NULL,
    ticks bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    changes text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, version)
);

-- What replicas share and nobody may read in the database: sealed before it comes here. It belongs to no tenant.
CREATE TABLE secrets (
    name text COLLATE "C" PRIMARY KEY,
    sealed bytea NOT NULL
);
