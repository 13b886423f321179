"""Forecasts of monthly counts. In a notebook: ``from otay.engines import forecasting``."""

from otay.engines.forecasting.backtest import Accuracy, judge, rolling
from otay.engines.forecasting.forecast import Condition, MonthForecast, SeriesForecast, forecast
from otay.engines.forecasting.history import History, month_number, month_text, read_history

__all__ = [
    "Accuracy",
    "Condition",
    "History",
    "MonthForecast",
    "SeriesForecast",
    "forecast",
    "judge",
    "month_number",
    "month_text",
    "read_history",
    "rolling",
]
