import csv
from pathlib import Path

with (Path(__file__).parent / "data" / "cities.csv").open(newline="", encoding="utf-8") as file:
    CITIES = list(csv.DictReader(file))
