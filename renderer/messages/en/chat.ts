import { formatAgo, formatNumber, plural } from '../format.ts'

export const chat = {
  answersFrom: 'Answers from',
  baseOnly: 'Base model only',
  baseAnd: (run: string) => `Base model and ${run}`,
  chats: 'Chats',
  newChat: 'New chat',
  chatAt: (time: number) => formatAgo(time),
  questions: (count: number) => plural(count, { one: '# question', other: '# questions' }),
  deleteChat: (title: string) => `Delete the chat “${title}”`,
  deleteTitle: 'Delete this chat?',
  deleteText: (title: string) =>
    `“${title}” with its questions and answers is removed for good. Documents and runs stay as they are.`,
  deleteConfirm: 'Delete the chat',
  noChats: 'Chats are kept here.',
  conversation: 'Questions and answers',
  emptyTitle: 'What do you want to know?',
  emptyText:
    'The passages that fit are looked up, and the model answers from them, before and after training side by side. For a start:',
  emptyTextTask:
    'The examples of this project are tasks, so this is asked as one: write the instruction, then an empty line and the text where there is one. The model answers from memory, before and after training side by side. For a start:',
  emptyTextPlain:
    'The passages that fit are looked up, and the model answers from them, before and after training side by side.',
  examples: 'Example questions',
  composer: 'Question',
  placeholder: (form: 'qa' | 'task') =>
    form === 'qa' ? 'Ask a question about your documents' : 'Ask as your examples do',
  composerHint: (form: 'qa' | 'task') =>
    form === 'qa'
      ? 'Enter asks · Shift + Enter adds a line'
      : 'Enter asks · Shift + Enter adds a line: an empty one stands between an instruction and its text',
  ask: 'Ask',
  stop: 'Stop',
  passages: 'Passages found',
  passagesToCompare: (count: number) =>
    plural(count, { one: '# passage to compare with', other: '# passages to compare with' }),
  passagesCount: (count: number) => plural(count, { one: '# passage found', other: '# passages found' }),
  page: (page: number) => `page ${formatNumber(page)}`,
  path: (parts: readonly string[]) => parts.join(' › '),
  fromBase: 'Base answer',
  fromTuned: 'Tuned answer',
  fromBoth: 'Both answers',
  noPassageTitle: 'No passage fits.',
  askAgain: 'Ask again',
  searching: 'Looking for passages…',
} as const
