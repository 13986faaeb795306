import { ApiProblems, RequireRole, type HttpResponse } from '@tenantry/service';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { GetCertificate } from './get-certificate.query.js';

/** RFC 7515, 9.2.1. */
const JOSE = 'application/jose';

@ApiTags('tenants')
@Controller('v1/tenants/:id/certificate')
export class CertificateController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @RequireRole('viewer')
  @ApiOperation({
    summary: 'Get the signed deletion certificate of a purged tenant.',
    description:
      'A compact JWS (EdDSA, key as in /.well-known/jwks.json) whose payload is JSON; `tenantry-verify certificate <file> --keys <jwks.json>` checks ' +
      'signature, audit position and checkpoint offline. 409 `certificate-not-ready` says what it waits for, 409 `certificate-refused` what was found left.',
  })
  @ApiOkResponse({ description: 'The certificate.', content: { [JOSE]: { schema: { type: 'string' } } } })
  @ApiProblems(404, 409)
  async get(@Param('id') id: string, @Res() response: HttpResponse): Promise<void> {
    const jws = await this.queries.execute(new GetCertificate(id));
    response.setHeader('Content-Type', JOSE);
    response.setHeader('Content-Disposition', `attachment; filename="deletion-certificate-${id}.jws"`);
    response.end(jws);
  }
}
