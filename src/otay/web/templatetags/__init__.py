"""Tags for the pages that stay with Django's own templates: sign-in and its second factor."""
