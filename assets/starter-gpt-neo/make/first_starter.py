"""Import this first: it puts the scripts of the first starter behind those of this folder.

What is not here (`corpus`, `names`, `relations`, `synthetic`, `cloze`, `squad_pairs`, `stages`, `scores`, `muon`,
`evaluate`, `make_tokenizer`) comes from there. What is here under the same name (`example`, `batches`, `model`,
`circuits`, `hints`) is what they get too: they write this model's prompts.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "starter" / "make"
sys.path.append(str(FOLDER))
