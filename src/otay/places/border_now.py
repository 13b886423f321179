def panel_context(request, actor): return {}
