-- north-ward@1.0 for SQLite

-- Beds -- and more
CREATE TABLE "b""ed`'s" (
  "Bed_ID" INTEGER NOT NULL,
  "x""; DROP TABLE y; --" TEXT NOT NULL UNIQUE,
  "next_bed" INTEGER,
  "stay_id" INTEGER,
  PRIMARY KEY ("Bed_ID"),
  FOREIGN KEY ("next_bed") REFERENCES "b""ed`'s" ("Bed_ID"),
  FOREIGN KEY ("stay_id") REFERENCES "stays" ("stay_id")
) STRICT;
CREATE INDEX IF NOT EXISTS "idx_b""ed`'s_next_bed" ON "b""ed`'s" ("next_bed");
CREATE INDEX IF NOT EXISTS "idx_b""ed`'s_stay_id" ON "b""ed`'s" ("stay_id");

-- stays
-- not declared: (note) refers to stays (unit), which is no key there
CREATE TABLE "stays" (
  "stay_id" INTEGER NOT NULL,
  "bed_id" INTEGER,
  "ok" INTEGER,
  "weight" REAL,
  "score" REAL,
  "price" TEXT,
  "exact" TEXT,
  "born" TEXT,
  "at_time" TEXT,
  "intime" TEXT,
  "zoned" TEXT,
  "unit" TEXT,
  "image" BLOB,
  "note" TEXT,
  PRIMARY KEY ("stay_id"),
  UNIQUE ("bed_id", "intime"),
  FOREIGN KEY ("bed_id") REFERENCES "b""ed`'s" ("Bed_ID")
) STRICT;
CREATE INDEX IF NOT EXISTS "idx_stays_note" ON "stays" ("note");

