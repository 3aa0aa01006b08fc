-- north-ward@1.0 for PostgreSQL

CREATE SCHEMA IF NOT EXISTS "north_ward";

-- Beds -- and more
CREATE TABLE "north_ward"."b""ed`'s" (
  "bed_id" integer NOT NULL,
  "x""; drop table y; --" varchar(20) NOT NULL UNIQUE,
  "next_bed" integer,
  "stay_id" smallint,
  PRIMARY KEY ("bed_id")
);
CREATE INDEX ON "north_ward"."b""ed`'s" ("next_bed");
CREATE INDEX ON "north_ward"."b""ed`'s" ("stay_id");
COMMENT ON TABLE "north_ward"."b""ed`'s" IS E'It''s a \\ "bed" `here`; DROP TABLE x;';
COMMENT ON COLUMN "north_ward"."b""ed`'s"."x""; drop table y; --" IS 'Line one
line ''two''';

-- stays
-- not declared: (note) refers to stays (unit), which is no key there
CREATE TABLE "north_ward"."stays" (
  "stay_id" bigint NOT NULL,
  "bed_id" bigint,
  "ok" boolean,
  "weight" real,
  "score" double precision,
  "price" numeric(12,2),
  "exact" numeric(38,30),
  "born" date,
  "at_time" time(6),
  "intime" timestamp(6),
  "zoned" timestamptz(6),
  "unit" text,
  "image" bytea,
  "note" text,
  PRIMARY KEY ("stay_id"),
  UNIQUE ("bed_id", "intime")
);
CREATE INDEX ON "north_ward"."stays" ("note");

ALTER TABLE "north_ward"."b""ed`'s" ADD FOREIGN KEY ("next_bed") REFERENCES "north_ward"."b""ed`'s" ("bed_id");
ALTER TABLE "north_ward"."b""ed`'s" ADD FOREIGN KEY ("stay_id") REFERENCES "north_ward"."stays" ("stay_id");
ALTER TABLE "north_ward"."stays" ADD FOREIGN KEY ("bed_id") REFERENCES "north_ward"."b""ed`'s" ("bed_id");
