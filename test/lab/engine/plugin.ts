/** A provider plugin as the engine speaks to it: started, asked through gRPC, ended. */
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  CheckRequest,
  ConfigureRequest,
  CreateRequest,
  DiffRequest,
  ReadRequest,
  type CheckResponse,
  type ConfigureResponse,
  type CreateResponse,
  type DiffResponse,
  type ReadResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { start, type Running } from "../../e2e/support/process";

export type Values = { [key: string]: JavaScriptValue };

/** The provider's own arguments: texts, and all else as JSON. */
export type Config = { [key: string]: string };

interface Checked {
  readonly inputs: Values;
  /** What it refuses, one sentence each. */
  readonly failures: readonly string[];
}

export class Plugin {
  private constructor(
    private readonly process: Running,
    private readonly client: ResourceProviderClient,
    /** Type token of its one resource, as in `openstack:objectstorage/container:Container`. */
    private readonly type: string,
  ) {}

  /** Starts the executable; the environment is as bare as the engine's may be. */
  static async start(executable: string, type: string, env: NodeJS.ProcessEnv = {}): Promise<Plugin> {
    // Its argument is the engine's address, which it calls for log lines only: nobody listens there.
    const running = start(executable, ["127.0.0.1:9"], { env: { PATH: process.env["PATH"], ...env } });
    const port = await running.line(/^\d+$/);
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    return new Plugin(running, client, type);
  }

  async stop(): Promise<void> {
    this.client.close();
    this.process.kill();
    await this.process.ended;
  }

  async checkConfig(config: Config): Promise<Checked> {
    const [name] = this.type.split(":");
    const request = new CheckRequest()
      .setUrn(`urn:pulumi:test::test::pulumi:providers:${name}::test`)
      .setNews(Struct.fromJavaScript(config));
    return checked(await called<CheckResponse>((done) => this.client.checkConfig(request, done)));
  }

  /** Answers whether it takes secrets as such. */
  async configure(config: Config): Promise<boolean> {
    const [name] = this.type.split(":");
    const request = new ConfigureRequest()
      .setArgs(Struct.fromJavaScript(config))
      .setAcceptsecrets(true)
      .setAcceptresources(true);
    for (const [key, value] of Object.entries(config))
      request.getVariablesMap().set(`${name}:config:${key}`, value);
    return (
      await called<ConfigureResponse>((done) => this.client.configure(request, done))
    ).getAcceptsecrets();
  }

  /** @param seed the engine's, by which random suffixes come out the same in preview and update */
  async check(name: string, news: Values, olds: Values = {}, seed = "seed"): Promise<Checked> {
    const request = new CheckRequest()
      .setUrn(this.urn(name))
      .setNews(Struct.fromJavaScript(news))
      .setOlds(Struct.fromJavaScript(olds))
      .setRandomseed(Buffer.from(seed.padEnd(32, ".")));
    return checked(await called<CheckResponse>((done) => this.client.check(request, done)));
  }

  /** Answers the properties that differ, and those of them that the provider itself replaces for. */
  async diff(
    id: string,
    olds: Values,
    oldInputs: Values,
    news: Values,
  ): Promise<{ changed: readonly string[]; replaces: readonly string[]; detailed: readonly string[] }> {
    const request = new DiffRequest()
      .setId(id)
      .setUrn(this.urn("test"))
      .setOlds(Struct.fromJavaScript(olds))
      .setOldInputs(Struct.fromJavaScript(oldInputs))
      .setNews(Struct.fromJavaScript(news));
    const answer = await called<DiffResponse>((done) => this.client.diff(request, done));
    const detailed: string[] = [];
    answer.getDetaileddiffMap().forEach((_: unknown, key: string) => detailed.push(key));
    return { changed: answer.getDiffsList(), replaces: answer.getReplacesList(), detailed };
  }

  async create(inputs: Values): Promise<{ id: string; properties: Values }> {
    const request = new CreateRequest()
      .setUrn(this.urn("test"))
      .setProperties(Struct.fromJavaScript(inputs))
      .setTimeout(60);
    const answer = await called<CreateResponse>((done) => this.client.create(request, done));
    return { id: answer.getId(), properties: values(answer.getProperties()) };
  }

  async read(id: string, properties: Values, inputs: Values): Promise<{ id: string; properties: Values }> {
    const request = new ReadRequest()
      .setId(id)
      .setUrn(this.urn("test"))
      .setProperties(Struct.fromJavaScript(properties))
      .setInputs(Struct.fromJavaScript(inputs));
    const answer = await called<ReadResponse>((done) => this.client.read(request, done));
    return { id: answer.getId(), properties: values(answer.getProperties()) };
  }

  private urn(name: string): string {
    return `urn:pulumi:test::test::${this.type}::${name}`;
  }
}

function checked(answer: CheckResponse): Checked {
  return {
    inputs: values(answer.getInputs()),
    failures: answer
      .getFailuresList()
      .map((failure) => `${failure.getProperty()}: ${failure.getReason()}`.trim()),
  };
}

function values(struct: Struct | undefined): Values {
  return struct?.toJavaScript() ?? {};
}

function called<T>(call: (done: (error: ServiceError | null, answer: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
}
