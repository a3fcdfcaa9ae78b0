/** The texts of the kept stores, written for them and free of any licence. */

const garden = `# The garden book

## Compost

Compost is turned twice a week in summer and once a month in winter. It smells of earth when it is ready, which takes about nine months. What smells of ammonia wants straw.

## Hecken schneiden

Hecken werden Ende Februar geschnitten, bevor die Vögel brüten. Ein zweiter Schnitt im Juni hält sie dicht. 🌿

## Vattna

Rosorna vattnas på morgonen; träden behöver ungefär tjugo liter i veckan under en torr sommar.
`

const compost =
  'Compost is turned twice a week in summer and once a month in winter. It smells of earth when it is ready, which takes about nine months. What smells of ammonia wants straw.'

const question = (id: string, text: string, answer: string, start: number) => ({
  id,
  question: text,
  answers: answer === '' ? [] : [{ text: answer, answer_start: start }],
  is_impossible: answer === '',
})
const squad = (context: string, title: string, qas: readonly object[]) =>
  JSON.stringify({ version: 'v2.0', data: [{ title, paragraphs: [{ context, qas }] }] })

export const files: Readonly<Record<string, string>> = {
  'garden.md': garden,
  'garden-copy.md': `${garden}\n## Only here\n\nThe copy alone knows that the shed is painted green every third spring.\n`,
  'removed.md':
    '# Removed\n\nThis page was taken out of the project again, with everything that hung on it.\n',
  'questions.json': squad(compost, 'Compost “ä”', [
    question('q1', 'How often is compost turned in summer?', 'twice a week', compost.indexOf('twice a week')),
    question('q2', 'What does it smell of when ready?', 'earth', 3),
    question('q3', 'Who sells it?', '', 0),
    question('q4', 'How long does it take?', 'ten years', 5),
    question('', '', 'earth', 1),
  ]),
  // The same context as in the file above: two sources hold one passage.
  'more-questions.json': squad(compost, 'Another title', [
    question('r1', 'What wants straw?', 'What smells of ammonia', compost.indexOf('What smells')),
    question('r2', 'How often in winter?', 'once a month', compost.indexOf('once a month')),
  ]),
  'tabelle.csv': `texte,frage,réponse,bemerkung
"Die Äpfel werden im Oktober gelagert, kühl und dunkel.",Wann werden Äpfel gelagert?,im Oktober,ok
"Naïve gardeners plant 🍅 tomatoes before the ice saints.",What do they plant?,🍅 tomatoes,
"Leer ist die Antwort hier.",Was fehlt?,,leer
`,
  'tasks.jsonl': `${[
    {
      instruction: 'Sum up.',
      input: 'Rain fell for nine days and the beds were flooded.',
      output: 'Wet beds.',
    },
    { instruction: 'Translate.', input: 'hedge', output: 'Hecke' },
    { instruction: 'Name a tool.', input: '', output: 'spade' },
  ]
    .map((row) => JSON.stringify(row))
    .join('\n')}\n`,
}
