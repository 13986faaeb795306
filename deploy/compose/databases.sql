-- A database for each application of docker-compose.yml; they may be there already.
SELECT format('CREATE DATABASE %I', name)
  FROM unnest(ARRAY['tenantry_control', 'tenantry_reference', 'tenantry_verifier']) AS name
 WHERE name NOT IN (SELECT datname FROM pg_database) \gexec
