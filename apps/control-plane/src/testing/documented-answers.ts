import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv, type ValidateFunction } from 'ajv';

type Operations = Readonly<Record<string, { readonly responses?: Readonly<Record<string, Response>> }>>;
interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

function parametersIn(template: string): number {
  return template.split('{').length - 1;
}

/** Holds answers against the OpenAPI document: whoever reads it must meet no other status and no other body. */
export class DocumentedAnswers {
  private readonly ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  private readonly validators = new Map<object, ValidateFunction>();

  constructor(private readonly document: OpenAPIObject) {
    this.ajv.addSchema({ components: document.components }, 'document');
  }

  /** @throws Error saying what the document lacks; paths that it does not have at all are no concern of it. */
  check(method: string, path: string, status: number, mediaType: string, body: unknown): void {
    const responses = this.responsesOf(method.toLowerCase(), path);
    if (!responses) return;
    const where = `${method} ${path} ${status}`;
    const response = responses[status];
    if (!response) throw new Error(`${where} is not documented`);
    const schema = response.content?.[mediaType]?.schema;
    if (!schema) {
      if (body === undefined) return;
      throw new Error(`${where} documents no ${mediaType}`);
    }
    const validate = this.validatorOf(schema);
    if (!validate(body)) throw new Error(`${where}: ${this.ajv.errorsText(validate.errors)}`);
  }

  private responsesOf(method: string, path: string): Readonly<Record<string, Response>> | undefined {
    const plain = path.split('?', 1)[0] ?? path;
    const matching = Object.entries(this.document.paths)
      .filter(([template]) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(plain))
      // A path without parameters goes before one that could have the same text in a parameter's place.
      .sort(([a], [b]) => parametersIn(a) - parametersIn(b));
    return matching.map(([, item]) => (item as Operations)[method]?.responses).find(Boolean);
  }

  private validatorOf(schema: object): ValidateFunction {
    const known = this.validators.get(schema);
    if (known) return known;
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
    const made = this.ajv.compile(JSON.parse(text));
    this.validators.set(schema, made);
    return made;
  }
}
