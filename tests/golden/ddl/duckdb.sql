-- north-ward@1.0 for DuckDB

-- Beds -- and more
-- not declared: (stay_id) refers to stays (stay_id), which the dialect does not take
CREATE TABLE "b""ed`'s" (
  "Bed_ID" INTEGER NOT NULL,
  "x""; DROP TABLE y; --" VARCHAR NOT NULL UNIQUE,
  "next_bed" INTEGER,
  "stay_id" SMALLINT,
  PRIMARY KEY ("Bed_ID"),
  FOREIGN KEY ("next_bed") REFERENCES "b""ed`'s" ("Bed_ID")
);
COMMENT ON TABLE "b""ed`'s" IS 'It''s a \ "bed" `here`; DROP TABLE x;';
COMMENT ON COLUMN "b""ed`'s"."x""; DROP TABLE y; --" IS 'Line one
line ''two''';

-- stays
-- not declared: (bed_id) refers to b"ed`'s (Bed_ID), which the dialect does not take
-- not declared: (note) refers to stays (unit), which is no key there
CREATE TABLE "stays" (
  "stay_id" BIGINT NOT NULL,
  "bed_id" BIGINT,
  "ok" BOOLEAN,
  "weight" FLOAT,
  "score" DOUBLE,
  "price" DECIMAL(12,2),
  "exact" DECIMAL(38,30),
  "born" DATE,
  "at_time" TIME,
  "intime" TIMESTAMP,
  "zoned" TIMESTAMP WITH TIME ZONE,
  "unit" VARCHAR,
  "image" BLOB,
  "note" VARCHAR,
  PRIMARY KEY ("stay_id"),
  UNIQUE ("bed_id", "intime")
);

