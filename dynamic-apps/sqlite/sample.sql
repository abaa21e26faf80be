-- SPDX-License-Identifier: BSD-3-Clause
CREATE TABLE number(n INTEGER PRIMARY KEY, square INTEGER, name TEXT);
BEGIN;
WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 5000)
INSERT INTO number SELECT n, n * n, printf('number %d', n) FROM count;
COMMIT;
CREATE INDEX by_name ON number(name);
SELECT count(*), sum(square) FROM number;
SELECT square FROM number WHERE name = 'number 1234';
DELETE FROM number WHERE n % 2 = 0;
VACUUM;
SELECT count(*), max(n) FROM number;
PRAGMA integrity_check;
