"""Every change: keyword-only, the actor first; permission, one transaction, audit, publication."""
