import { formRoles } from '../../contract/imports.ts'
import type { Form, Role } from '../../contract/imports.ts'

/** Column names by role, as words in lower case without accents; earlier ones are surer. */
const names: Readonly<Record<Role, readonly string[]>> = {
  // A column of that name mostly holds instructions; its cells say where it holds kinds.
  task: ['task kind', 'task type'],
  instruction: [
    ...[
      'instruction',
      'instructions',
      'prompt',
      'question',
      'query',
      'task',
      'request',
      'command',
      'questions',
    ],
    ...['question text', 'user question', 'user', 'human', 'problem', 'q', 'ask'],
    ...['anweisung', 'instruktion', 'aufgabe', 'frage', 'pregunta', 'instruccion', 'consulta', 'enonce'],
  ],
  input: [
    ...['input', 'context', 'inputs', 'input text', 'source text', 'passage', 'document', 'article', 'text'],
    ...[
      'source',
      'dialogue',
      'dialog',
      'paragraph',
      'sentence',
      'body',
      'content',
      'review',
      'premise',
      'story',
    ],
    ...['original', 'abstract', 'report', 'transcript', 'tweet', 'comment', 'message', 'src'],
    ...[
      'eingabe',
      'textstelle',
      'absatz',
      'abschnitt',
      'kontext',
      'dokument',
      'artikel',
      'entrada',
      'contexto',
      'texto',
      'entree',
      'contexte',
      'texte',
    ],
  ],
  target: [
    ...['output', 'target', 'response', 'completion', 'answer', 'outputs', 'targets', 'output text'],
    ...['target text', 'answers', 'answer text', 'reply', 'solution', 'expected', 'expected output'],
    ...['gold', 'ground truth', 'reference', 'chosen', 'assistant', 'gpt', 'a', 'tgt', 'result'],
    ...['summary', 'summaries', 'highlights', 'abstract summary', 'tldr', 'paraphrase', 'translation'],
    ...['label', 'labels', 'label text', 'sentiment', 'class', 'intent', 'emotion', 'category', 'tag'],
    ...['ausgabe', 'antwort', 'ziel', 'zusammenfassung', 'respuesta', 'salida', 'resumen', 'etiqueta'],
    ...['reponse', 'sortie', 'resume', 'etiquette', 'kategorie', 'categoria', 'categorie'],
  ],
  text: [
    ...['text', 'body', 'content', 'passage', 'paragraph', 'document', 'article', 'context', 'full text'],
    ...[
      'article text',
      'document text',
      'passage text',
      'page content',
      'page text',
      'texts',
      'chunk',
      'story',
    ],
    ...['abstract', 'excerpt', 'contents', 'description', 'raw text', 'markdown', 'transcript'],
    ...['inhalt', 'absatz', 'abschnitt', 'dokument', 'artikel', 'kontext', 'texto', 'contenido', 'parrafo'],
    ...['documento', 'articulo', 'contexto', 'texte', 'contenu', 'contexte', 'paragraphe'],
  ],
  heading: [
    ...[
      'heading',
      'headings',
      'section',
      'section title',
      'section heading',
      'header',
      'subtitle',
      'chapter',
    ],
    ...['uberschrift', 'kapitel', 'encabezado', 'seccion', 'capitulo', 'rubrique', 'chapitre'],
  ],
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
    ...['focus', 'heading', 'subject', 'chapter', 'section', 'document name'],
    ...['titel', 'thema', 'kapitel', 'titulo', 'tema', 'titre', 'sujet', 'theme'],
    // Often the name of a file or an institute, and what all rows have in common.
    ...['filename', 'file', 'source', 'quelle', 'fuente'],
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

/**
 * How well a name fits a role of a form: 1 the name itself, less the further down its list or the looser the match.
 * Of a path the last name counts, a little less than a column of that name.
 */
export function nameScore(name: string, role: Role, form: Form): number {
  const last = /[.\]]/.test(name) ? name.split(/[.[\]]+/).findLast((part) => /\D/.test(part)) : undefined
  return Math.max(
    wordsScore(wordsOf(name), role, form),
    last ? 0.95 * wordsScore(wordsOf(last), role, form) : 0,
  )
}

function wordsScore(words: readonly string[], role: Role, form: Form): number {
  const whole = words.join(' ')
  const rank = names[role].indexOf(whole)
  if (rank !== -1) return 1 - (0.3 * rank) / names[role].length
  const roles: readonly Role[] = formRoles[form]
  if (roles.some((other) => names[other].includes(whole))) return 0
  if (words.at(-1) === 'id') return role === 'id' ? 0.7 : 0
  // The last word says what it is: a `support question` is a question, a `question topic` a topic.
  const loose = (word: string) => word.length > 2 && names[role].includes(word)
  const last = words.at(-1) ?? ''
  if (loose(last)) return 0.7
  const lastBelongs = roles.some((one) => names[one].includes(last))
  return !lastBelongs && words.slice(0, -1).some(loose) ? 0.5 : 0
}

/** The role whose very name a column has, or null. */
export function roleOfName(name: string): Role | null {
  const whole = wordsOf(name).join(' ')
  const found = Object.entries(names).find(([, list]) => list.includes(whole))
  return found ? (found[0] as Role) : null
}

/** `answerStart`, `Answer_start` and `answer-start` are the words answer and start. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/ß/g, 'ss')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}
