def flat(item, before=""):
    row = {}
    for name, value in item.items():
        if isinstance(value, dict):
            row.update(flat(value, f"{before}{name}_"))
        else:
            row[before + name] = value
    return row
