-- Tenants over several clusters: docs/decisions/009-tenant-placement.md. Every database has all of it; the directory is used in the first cluster only.

-- Whether the tenant is in this cluster: 0 it is; 1 it is, and is being moved away: read but not changed; 2 it is not: whoever comes here has an old
-- route. It stands with the version, because whoever asks for the one needs the other, and shows every tenant to everybody as that does.
ALTER TABLE tenant_version ADD COLUMN state smallint NOT NULL DEFAULT 0;

-- The names of clusters that tenants were placed in. A name goes only when nobody lives there.
CREATE TABLE clusters (
    name text COLLATE "C" PRIMARY KEY
);

-- The directory. A tenant that is not in it but has a version in the first cluster lives there.
CREATE TABLE tenant_places (
    tenant uuid PRIMARY KEY,
    cluster text COLLATE "C" NOT NULL REFERENCES clusters (name)
);
CREATE INDEX tenant_places_by_cluster ON tenant_places (cluster);

-- Which of several clusters this database is, and of which directory; no row where it is the only one.
CREATE TABLE membership (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    directory uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    keeps_directory boolean NOT NULL
);
