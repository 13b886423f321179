"""The feed of wait times at ports of entry that US Customs and Border Protection publishes, in XML and in JSON."""
