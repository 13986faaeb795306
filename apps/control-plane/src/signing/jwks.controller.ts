import { Public, type HttpResponse } from '@tenantry/service';
import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { JwksDto } from './jwks.dto.js';
import { JwksReadModel } from './jwks.read-model.js';

@ApiTags('signing')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: JwksReadModel) {}

  @Get('jwks.json')
  @Public()
  @ApiOperation({
    summary: 'The public keys of every signature there ever was: those of old ones stay after a rotation.',
  })
  @ApiOkResponse({ type: JwksDto })
  jwks(@Res({ passthrough: true }) response: HttpResponse): Promise<JwksDto> {
    response.setHeader('Cache-Control', 'public, max-age=60');
    return this.keys.jwks();
  }
}
