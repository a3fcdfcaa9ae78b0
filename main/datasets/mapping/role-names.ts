import type { Role } from '../../contract/datasets.ts'

/** Column names by role, as words in lower case without accents; earlier ones are surer. */
const names: Readonly<Record<Role, readonly string[]>> = {
  context: [
    ...['context', 'contexts', 'passage', 'paragraph', 'document', 'article', 'context text', 'passage text'],
    ...[
      'document text',
      'article text',
      'source text',
      'full text',
      'story',
      'excerpt',
      'evidence',
      'abstract',
    ],
    ...['kontext', 'absatz', 'abschnitt', 'dokument', 'textstelle', 'textpassage', 'artikel'],
    ...['contexto', 'parrafo', 'pasaje', 'documento', 'articulo', 'contexte', 'paragraphe', 'extrait'],
    ...['text', 'body', 'content', 'texto', 'texte', 'inhalt', 'chunk', 'background', 'knowledge', 'input'],
  ],
  question: [
    ...['question', 'questions', 'question text', 'query', 'prompt', 'instruction', 'q'],
    ...['frage', 'fragetext', 'fragestellung', 'pregunta', 'consulta', 'domanda', 'pergunta'],
    ...['user question', 'problem', 'request', 'anfrage', 'instruktion', 'enonce', 'user'],
  ],
  answer: [
    ...['answer', 'answers', 'answer text', 'gold answer', 'correct answer', 'reference answer', 'a'],
    ...['gold', 'ground truth', 'expected answer', 'solution', 'response', 'reply', 'target', 'output'],
    ...['antwort', 'antworten', 'antworttext', 'losung', 'respuesta', 'respuestas', 'reponse', 'reponses'],
    ...[
      'risposta',
      'resposta',
      'completion',
      'expected',
      'label',
      'labels',
      'span',
      'answer span',
      'assistant',
    ],
  ],
  answerStart: [
    ...['answer start', 'answers start', 'answer offset', 'answer position', 'start offset', 'start index'],
    ...[
      'start position',
      'start char',
      'char start',
      'character start',
      'span start',
      'start',
      'offset',
      'begin',
    ],
    ...[
      'antwortstart',
      'antwort start',
      'startposition',
      'inicio',
      'debut',
      'inicio respuesta',
      'debut reponse',
    ],
  ],
  isImpossible: [
    ...['is impossible', 'impossible', 'unanswerable', 'is unanswerable', 'no answer', 'not answerable'],
    ...['unbeantwortbar', 'nicht beantwortbar', 'unmoglich', 'imposible', 'es imposible', 'sin respuesta'],
    ...['sans reponse', 'est impossible'],
  ],
  title: [
    ...['title', 'article title', 'document title', 'page title', 'context title', 'doc title', 'topic'],
    ...[
      'source',
      'heading',
      'subject',
      'chapter',
      'section',
      'category',
      'document name',
      'file',
      'filename',
    ],
    ...['titel', 'thema', 'quelle', 'kapitel', 'titulo', 'tema', 'fuente', 'titre', 'sujet', 'theme'],
  ],
  id: [
    ...[
      'id',
      'qid',
      'uid',
      'uuid',
      'guid',
      'key',
      'question id',
      'example id',
      'record id',
      'row id',
      'qa id',
    ],
    ...['answer id', 'query id', 'sample id', 'nr', 'no', 'number', 'index', 'nummer', 'kennung', 'frage id'],
    ...['identificador', 'identifiant', 'numero'],
  ],
}

/** How well a name fits a role: 1 the name itself, less the further down its list or the looser the match. */
export function nameScore(name: string, role: Role): number {
  const words = wordsOf(name)
  const whole = words.join(' ')
  const exact = (one: Role) => names[one].indexOf(whole)
  const rank = exact(role)
  if (rank !== -1) return 1 - (0.3 * rank) / names[role].length
  if (Object.keys(names).some((other) => exact(other as Role) !== -1)) return 0
  if (words.at(-1) === 'id') return role === 'id' ? 0.7 : 0
  // The last word says what it is: a `support question` is a question, a `question topic` a topic.
  const loose = (word: string) => word.length > 2 && names[role].includes(word)
  const last = words.at(-1) ?? ''
  if (loose(last)) return 0.7
  const lastBelongs = Object.values(names).some((list) => list.includes(last))
  return !lastBelongs && words.slice(0, -1).some(loose) ? 0.5 : 0
}

/** The role whose very name a column has, or null. */
export function roleOfName(name: string): Role | null {
  const whole = wordsOf(name).join(' ')
  const found = Object.entries(names).find(([, list]) => list.includes(whole))
  return found ? (found[0] as Role) : null
}

/** `answerStart`, `Answer_start` and `answer-start` are the words answer and start. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/ß/g, 'ss')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}
