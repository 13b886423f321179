"""WCO Data Model declarations in XML (WCO-DMS): read without loss, written back valid."""
