-- north-ward@1.0 for BigQuery

CREATE SCHEMA IF NOT EXISTS `north_ward`;

-- Beds -- and more
-- not declared: (next_bed) refers to b"ed`'s (Bed_ID), which the dialect does not take
-- not declared: (stay_id) refers to stays (stay_id), which closes a circle
CREATE TABLE `north_ward`.`b"ed\`'s` (
  `Bed_ID` INT64 NOT NULL,
  `x"; DROP TABLE y; --` STRING(20) NOT NULL OPTIONS(description='Line one\nline \'two\''),
  `next_bed` INT64,
  `stay_id` INT64,
  PRIMARY KEY (`Bed_ID`) NOT ENFORCED
)
OPTIONS(description='It\'s a \\ "bed" `here`; DROP TABLE x;');

-- stays
-- not declared: (note) refers to stays (unit), which is no key there
CREATE TABLE `north_ward`.`stays` (
  `stay_id` INT64 NOT NULL,
  `bed_id` INT64,
  `ok` BOOL,
  `weight` FLOAT64,
  `score` FLOAT64,
  `price` NUMERIC(12,2),
  `exact` BIGNUMERIC(38,30),
  `born` DATE,
  `at_time` TIME,
  `intime` DATETIME,
  `zoned` TIMESTAMP,
  `unit` STRING,
  `image` BYTES,
  `note` STRING,
  PRIMARY KEY (`stay_id`) NOT ENFORCED,
  FOREIGN KEY (`bed_id`) REFERENCES `north_ward`.`b"ed\`'s` (`Bed_ID`) NOT ENFORCED
);

