"""Every change to what this node exchanges: identities, agreements, publication, delivery, acceptance, retention."""
