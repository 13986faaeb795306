import { describe, expect, it } from '@jest/globals';
import { ignoredBy } from './docker-ignore.mjs';
import { configurationOf, parseDockerfile } from './dockerfile.mjs';

const FILE = `# syntax=docker/dockerfile:1
ARG BASE=node:24
FROM --platform=$BUILDPLATFORM \${BASE} AS build
WORKDIR /app
RUN --mount=type=cache,target=/root/.npm \\
    npm ci --omit=dev
# A comment
FROM distroless AS runtime
ENV A=1 \\
    B="two words"
USER 1:1
ENTRYPOINT ["node"]
HEALTHCHECK --interval=1s CMD ["node", "check.mjs"]
FROM runtime AS app
ENV A=3
CMD ["main.js"]
`;

describe('a Dockerfile', () => {
  it('has stages, whose bases have their arguments filled in', () => {
    const { args, stages } = parseDockerfile(FILE);
    expect(args).toEqual({ BASE: 'node:24' });
    expect(stages.map(({ name, base }) => `${base} → ${name}`)).toEqual([
      'node:24 → build',
      'distroless → runtime',
      'runtime → app',
    ]);
    expect(stages[0].instructions.at(-1)).toMatchObject({
      keyword: 'RUN',
      flags: { mount: 'type=cache,target=/root/.npm' },
      text: 'npm ci --omit=dev',
      line: 5,
    });
  });

  it('gives a container what its stage and those below it say', () => {
    expect(configurationOf(parseDockerfile(FILE).stages, 'app')).toMatchObject({
      base: 'distroless',
      env: { A: '3', B: 'two words' },
      user: '1:1',
      entrypoint: ['node'],
      cmd: ['main.js'],
      healthcheck: ['node', 'check.mjs'],
    });
  });

  it.each([
    ['FROM a AS b\nADD x y\n', 'Dockerfile:2: nobody here knows ADD'],
    ['FROM a\n', 'Dockerfile:1: the stage has no name'],
    ['FROM ${NONE} AS b\n', 'Dockerfile:1: NONE has no default'],
  ])('is refused rather than half understood: %j', (text, message) => {
    expect(() => parseDockerfile(text)).toThrow(message);
  });
});

describe('a .dockerignore', () => {
  const ignored = ignoredBy('*\n# a comment\n!libs\n!deploy/docker\n**/dist\n**/*.spec.ts\n');

  it.each([
    ['README.md', true],
    ['libs/kernel/src/id.ts', false],
    ['libs/kernel/src/id.spec.ts', true],
    ['libs/kernel/dist/id.js', true],
    ['deploy/docker/collect.mjs', false],
    ['deploy/README.md', true],
  ])('says of %s whether it is left out: %s', (file, expected) => {
    expect(ignored(file)).toBe(expected);
  });
});
