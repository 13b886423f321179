"""The running node: configuration, accounts and roles, audit, jobs, and the registries every room reports to."""
