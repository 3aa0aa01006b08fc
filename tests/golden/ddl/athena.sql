-- north-ward@1.0 for Athena

CREATE DATABASE IF NOT EXISTS `north_ward`;

-- Beds -- and more
CREATE EXTERNAL TABLE IF NOT EXISTS `north_ward`.`b"ed``'s` (
  `bed_id` int,
  `x"; drop table y; --` string COMMENT 'Line one\nline \'two\'',
  `next_bed` int,
  `stay_id` smallint
) COMMENT 'It\'s a \\ "bed" `here`; DROP TABLE x;'
STORED AS PARQUET
LOCATION 's3://BUCKET/north_ward/b_ed__s/';

-- stays
CREATE EXTERNAL TABLE IF NOT EXISTS `north_ward`.`stays` (
  `stay_id` bigint,
  `bed_id` bigint,
  `ok` boolean,
  `weight` float,
  `score` double,
  `price` decimal(12,2),
  `exact` decimal(38,30),
  `born` date,
  `at_time` string,
  `intime` timestamp,
  `zoned` timestamp,
  `unit` string,
  `image` binary,
  `note` string
)
STORED AS PARQUET
LOCATION 's3://BUCKET/north_ward/stays/';

