-- The ledger's database is made by the image; Prefect has one of its own.
CREATE DATABASE prefect;
