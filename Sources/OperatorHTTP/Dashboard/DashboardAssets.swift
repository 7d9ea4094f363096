/// What the page carries with it: it asks nobody else for anything.
internal enum DashboardAssets {
  static let style: HTML = """
    :root { color-scheme: light dark; --ink: #1c2128; --quiet: #656d76; --paper: #fff; --panel: #f6f8fa; --line: #d8dee4;
      --good: #1a7f37; --fair: #9a6700; --bad: #cf222e; --blue: #0969da; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #8d96a0; --paper: #0d1117; --panel: #161b22;
      --line: #30363d; --good: #3fb950; --fair: #d29922; --bad: #f85149; --blue: #4493f8; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.5rem 3rem; background: var(--paper); color: var(--ink);
      font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
    header { display: flex; gap: 1.25rem; align-items: baseline; border-bottom: 1px solid var(--line); flex-wrap: wrap; }
    header p { margin-left: auto; }
    h1 { font-size: 1.25rem; margin: .25rem 0; } h2 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
    h3 { font-size: .8rem; margin: .5rem 0 .25rem; color: var(--quiet); font-weight: 600; }
    a { color: var(--blue); } code { font: 12px ui-monospace, monospace; }
    .quiet { color: var(--quiet); }
    .banner { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem .9rem; border-radius: 6px; margin: 1rem 0 0;
      border: 1px solid; border-left-width: 6px; background: var(--panel); }
    .banner span { color: var(--quiet); } .good { color: var(--good); } .fair { color: var(--fair); } .bad { color: var(--bad); }
    .columns { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 2rem; }
    @media (max-width: 50rem) { .columns { grid-template-columns: 1fr; gap: 0; } }
    figure { margin: 0; } figcaption { color: var(--quiet); font-size: .85rem; } figcaption b { color: var(--ink); }
    svg { width: 100%; height: auto; display: block; } svg text { font-size: 11px; fill: var(--quiet); }
    .grid { stroke: var(--line); stroke-width: 1; } .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
    .line.runs { stroke: var(--blue); } .line.tasks { stroke: var(--fair); stroke-dasharray: 4 2; }
    .key { display: inline-block; width: 1.1rem; height: 0; border-top: 2px solid; vertical-align: middle; margin: 0 .35rem 0 0; }
    .key.runs { border-color: var(--blue); } .key.tasks { border-color: var(--fair); border-top-style: dashed; margin-left: 1rem; }
    .counts { display: flex; flex-wrap: wrap; gap: .5rem; }
    .count { min-width: 5.5rem; padding: .35rem .6rem; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
    .count b { display: block; font-size: 1.15rem; } .count span { font-size: .68rem; color: var(--quiet); letter-spacing: .03em; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; } th { text-align: left; font-size: .78rem; color: var(--quiet); font-weight: 600;
      white-space: nowrap; }
    th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
    td { overflow-wrap: anywhere; }
    .figure { text-align: right; white-space: nowrap; }
    .badge { font-size: .72rem; font-weight: 600; white-space: nowrap; }
    .badge::before { content: "●"; margin-right: .35rem; }
    .stale main { opacity: .45; } .stale header::after { content: "no answer from the coordinator"; color: var(--bad); }
    """

  static let script: HTML = """
    const main = document.querySelector("main");
    async function renew() {
      if (document.hidden) return;
      const address = new URL(location.href);
      address.searchParams.set("part", "main");
      try {
        const answer = await fetch(address, { cache: "no-store" });
        if (!answer.ok) throw new Error(answer.status);
        main.innerHTML = await answer.text();
        document.body.classList.remove("stale");
      } catch { document.body.classList.add("stale"); }
    }
    setInterval(renew, 3000);
    document.addEventListener("visibilitychange", renew);
    """
}
