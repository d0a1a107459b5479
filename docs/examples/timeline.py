# %% [markdown]
# # Who was there before each end?
# Open it cell by cell (Jupyter with Jupytext, VS Code, Spyder), or run it: `python timeline.py INPUT...`

# %%
import sys

import pandas as pd

import acforensics

inputs = sys.argv[1:] or ["samples/os-command/bundle"]
case = acforensics.analyze(inputs, tz="Asia/Tokyo")
timeline = case.timeline
print(f"{len(timeline)} records of {timeline['server'].nunique()} servers")

# %% [markdown]
# ## Each end, and the last ten minutes before it

# %%
ends = pd.DataFrame(
    [
        {
            "server": end.server,
            "time": end.corrected_time or end.time,
            "trigger": end.trigger,
            "how_sure": end.confidence,
        }
        for end in case.shutdowns
    ]
)
print(ends.to_string(index=False))

# %%
PEOPLE = ["os.session_opened", "os.command"]
for end in ends.itertuples():
    before = timeline[timeline.index.to_series().between(end.time - pd.Timedelta("10min"), end.time)]
    people = before[(before["server"] == end.server) & before["kind"].isin(PEOPLE)]
    print(f"\n{end.server} {end.time:%Y-%m-%d %H:%M:%S} {end.trigger} ({end.how_sure})")
    for row in people.itertuples():
        print(f"  {row.input}:{row.line}  {row.message}")
    if people.empty:
        print("  nobody on record")

# %% [markdown]
# ## How busy was each layer, hour by hour?

# %%
busy = timeline.groupby([pd.Grouper(freq="h"), "layer"]).size().unstack(fill_value=0)
print(busy[busy.sum(axis=1) > 0].to_string())
