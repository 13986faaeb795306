import { describe, expect, it } from '@jest/globals';
import { blocksOf, commandsOf } from './page.mjs';

const PAGE = `Text **(not run here)**.

\`\`\`sh
kubectl get pods \\
  --all-namespaces   # all of them
\`\`\`

<!-- run -->
\`\`\`sh
curl "$URL/v1/stuck"

cat > file <<'END'
kubectl is only text here
END
\`\`\`

- an entry of a list **(not run here; but tried)**:
  \`\`\`sh
  helm list
  \`\`\`

\`\`\`sh
npm test
\`\`\`

\`\`\`json
{}
\`\`\`
`;

describe('the page about operating', () => {
  it('has blocks of each kind', () => {
    expect(blocksOf(PAGE).map(({ kind, line }) => [kind, line])).toEqual([
      ['notRun', 4],
      ['run', 10],
      ['notRun', 19],
      ['lookedUp', 23],
    ]);
  });

  it('has one command for continued lines, and none in comments and here-documents', () => {
    expect(blocksOf(PAGE).map((block) => commandsOf(block).map(({ text }) => text))).toEqual([
      ['kubectl get pods --all-namespaces'],
      ['curl "$URL/v1/stuck"', "cat > file <<'END'"],
      ['helm list'],
      ['npm test'],
    ]);
  });
});
