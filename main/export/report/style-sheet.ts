/** The report's looks: the app's colours, one column, light and dark, print. */
export const styleSheet = `
:root{color-scheme:light;--canvas:#f6f5f2;--surface:#fff;--surface-2:#f1f0ec;--border:#dedbd4;--text:#1d2126;--text-2:#50565d;--text-3:#63696f;--accent:#0f6480;--good:#1a6a3d;--good-fill:#1f7a46;--good-soft:#e2f2e7;--bad:#a52222;--bad-fill:#bf3030;--bad-soft:#fbe8e6;--warn:#7d4e05;--warn-soft:#fbf0d9;--quiet:#b9c3c8;--quiet-2:#d9d6cf;--c1:#0f6480;--c2:#c2702a;--c3:#5b8a3c;--grid:#e7e5e0}
@media (prefers-color-scheme:dark){:root{color-scheme:dark;--canvas:#15181b;--surface:#1d2124;--surface-2:#25292d;--border:#343a3f;--text:#e9eaea;--text-2:#b4babe;--text-3:#979fa4;--accent:#5db7d1;--good:#7bcb9b;--good-fill:#5fb884;--good-soft:#18321f;--bad:#f08f88;--bad-fill:#e5736c;--bad-soft:#3b1f1e;--warn:#e6b766;--warn-soft:#362a14;--quiet:#5b666d;--quiet-2:#3a4146;--c1:#5db7d1;--c2:#e09a5a;--c3:#8fbf6b;--grid:#30353a}}
*{box-sizing:border-box}
body{margin:0;background:var(--canvas);color:var(--text);font:15px/1.5 -apple-system,BlinkMacSystemFont,'Segoe UI Variable Text','Segoe UI',Inter,Cantarell,Ubuntu,'Noto Sans','Liberation Sans',system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:48px 24px 64px}
h1,h2,h3,p,dl,dd,ul,figure{margin:0;padding:0}
ul{list-style:none}
h1{font-size:32px;line-height:1.2;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;margin-bottom:4px}
h3{font-size:14px;font-weight:600}
h3 small{font-weight:400;margin-left:6px}
small{font-size:12px;color:var(--text-3)}
.project{color:var(--accent);font-weight:600;overflow-wrap:anywhere}
.verdict{font-size:18px;margin:12px 0 24px;max-width:62ch}
.lead{color:var(--text-2);max-width:88ch}
section{margin-top:48px}
.facts{display:flex;flex-wrap:wrap;gap:12px 40px}
.facts dt{font-size:12px;color:var(--text-3)}
.facts dd{font-weight:600;overflow-wrap:anywhere}
.facts dd small{font-weight:400}
.answers .input{display:block;color:var(--text-2)}
.tiles,.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px;margin-top:16px}
.tile,.chart,.shares{background:var(--surface);border:1px solid var(--border);border-radius:10px;padding:20px}
.tile header,.chart figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:4px 12px}
.badge,.chip{font-size:12px;font-weight:600;border-radius:999px;padding:2px 10px;white-space:nowrap}
.better,.chip.fixed{background:var(--good-soft);color:var(--good)}
.worse,.chip.broken{background:var(--bad-soft);color:var(--bad)}
.noise{background:var(--warn-soft);color:var(--warn)}
.chip.both-right,.chip.both-wrong{background:var(--surface-2);color:var(--text-2)}
.figures{display:flex;align-items:baseline;gap:10px;font-size:32px;font-weight:600;letter-spacing:-.01em;margin:8px 0 16px}
.figures .before,.figures .arrow{color:var(--text-3);font-weight:400}
.figures .difference{margin-left:auto;text-align:right;font-size:18px;letter-spacing:0}
.difference small{display:block;font-weight:400}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:12px system-ui,sans-serif;fill:var(--text-3)}
svg text.side{fill:var(--text-2)}
.track{stroke:var(--grid);stroke-width:1}
.interval{stroke-width:5;stroke-linecap:round;opacity:.45}
.base .interval{stroke:var(--text-3)}.base circle{fill:var(--text-3)}
.tuned .interval{stroke:var(--accent)}.tuned circle{fill:var(--accent)}
.shares{margin-top:16px}
.bar{height:12px;margin-bottom:12px;border-radius:2px;overflow:hidden}
.bar rect{stroke:var(--surface);stroke-width:2px;vector-effect:non-scaling-stroke}
.bar .fixed{fill:var(--good-fill)}.swatch.fixed{background:var(--good-fill)}
.bar .broken{fill:var(--bad-fill)}.swatch.broken{background:var(--bad-fill)}
.bar .both-right{fill:var(--quiet)}.swatch.both-right{background:var(--quiet)}
.bar .both-wrong{fill:var(--quiet-2)}.swatch.both-wrong{background:var(--quiet-2)}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:13px;color:var(--text-2)}
.legend li{display:flex;align-items:center;gap:6px}
.legend b{color:var(--text)}
.swatch{width:10px;height:10px;border-radius:2px}
.key{width:16px;height:0;border-top:2px solid currentColor}
.key.faint{opacity:.35}
.key.dots{width:8px;height:8px;border:0;border-radius:50%;background:currentColor}
.key.c1{color:var(--c1)}.key.c2{color:var(--c2)}.key.c3{color:var(--c3)}
.chart svg{margin-top:12px}
.grid line{stroke:var(--grid);stroke-width:1}
.series path{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.series.faint path{stroke-width:1;opacity:.3}
.series circle{fill:currentColor}
.series.c1{color:var(--c1)}.series.c2{color:var(--c2)}.series.c3{color:var(--c3)}
.mark{fill:none;stroke:var(--text);stroke-width:1.5}
table{width:100%;margin-top:16px;background:var(--surface);border:1px solid var(--border);border-radius:10px;border-spacing:0;border-collapse:separate;overflow:hidden;font-size:14px}
caption{text-align:left;font-weight:600;padding:0 0 8px;font-size:14px}
th,td{text-align:left;vertical-align:top;padding:9px 14px;border-bottom:1px solid var(--border);overflow-wrap:anywhere}
tbody:last-child tr:last-child>*,tbody:last-child [rowspan]{border-bottom:0}
thead th{font-size:12px;font-weight:600;color:var(--text-3);background:var(--surface-2);white-space:nowrap}
tbody th{font-weight:600}
.number{text-align:right;white-space:nowrap}
.number small{display:block}
.scroll{overflow-x:auto}
.splits{margin-top:12px}
code{font:12px ui-monospace,'SF Mono','Cascadia Code','Liberation Mono',monospace;color:var(--text-3);font-weight:400}
.settings th code{display:block}
.settings .what{color:var(--text-2);width:45%}
.value{font-weight:600}
details{margin-top:16px}
summary{cursor:pointer;color:var(--accent);font-weight:600}
.filters{display:flex;flex-wrap:wrap;gap:8px;border:0;margin:16px 0 0;padding:0}
.filters legend{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
.filters label{cursor:pointer}
.filters input{position:absolute;opacity:0}
.filters span{display:block;padding:5px 14px;border:1px solid var(--border);border-radius:999px;background:var(--surface);font-size:13px;font-weight:600;color:var(--text-2)}
.filters input:checked+span{background:var(--accent);border-color:var(--accent);color:var(--surface)}
.filters input:checked+span small{color:inherit}
.filters input:disabled+span{opacity:.5;cursor:default}
.filters input:focus-visible+span{outline:2px solid var(--accent);outline-offset:2px}
.answers{table-layout:fixed}
.answers th:nth-child(1){width:30%}.answers th:nth-child(5){width:112px}
.answers .answer{display:flex;gap:8px}
.right{color:var(--good);font-weight:700}.wrong{color:var(--bad);font-weight:700}
.none{color:var(--text-3);font-style:italic}
.or{color:var(--text-3)}
.set{display:block;margin-top:2px}
.questions:has(#show-fixed:checked) tbody tr:not(.fixed),.questions:has(#show-broken:checked) tbody tr:not(.broken),.questions:has(#show-both-right:checked) tbody tr:not(.both-right),.questions:has(#show-both-wrong:checked) tbody tr:not(.both-wrong){display:none}
footer{margin-top:56px;padding-top:20px;border-top:1px solid var(--border);color:var(--text-3);font-size:13px}
footer p{max-width:84ch}footer p+p{margin-top:8px}
@media (max-width:640px){svg text{font-size:16px}.plain th,.plain td{padding:8px 10px}.scroll{margin:0 -16px;padding:0 16px}main{padding:24px 16px 40px}.answers thead{display:none}.answers,.answers tbody,.answers tr,.answers td{display:block;width:auto}.answers td{border:0;padding:4px 14px}.answers td::before{content:attr(data-label);display:block;font-size:12px;color:var(--text-3)}.answers tr{padding:8px 0;border-bottom:1px solid var(--border)}.settings .what{display:none}}
@media print{:root{color-scheme:light;--canvas:#fff;--surface:#fff;--surface-2:#f4f4f2;--border:#ccc;--text:#000;--text-2:#333;--text-3:#555;--accent:#0f6480;--good:#1a6a3d;--good-fill:#1f7a46;--good-soft:#e2f2e7;--bad:#a52222;--bad-fill:#bf3030;--bad-soft:#fbe8e6;--warn:#7d4e05;--warn-soft:#fbf0d9;--quiet:#b9c3c8;--quiet-2:#d9d6cf;--c1:#0f6480;--c2:#c2702a;--c3:#5b8a3c;--grid:#ddd}body{font-size:12px}.tiles,.charts{grid-template-columns:1fr 1fr}main{max-width:none;padding:0}.filters{display:none}.tile,.chart,.shares,tr{break-inside:avoid}h2{break-after:avoid}section{margin-top:28px}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`
