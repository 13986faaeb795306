#!/usr/bin/env node
import '../dist/tenantry-verify.js';
