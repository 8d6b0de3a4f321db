def shaped(row):
    return {**row, "kind": "member"}
