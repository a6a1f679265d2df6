CREATE TABLE "deployments" (
	"id" bigserial NOT NULL,
	"asset" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"changes" jsonb NOT NULL,
	"state" jsonb NOT NULL,
	"undoes" bigint,
	CONSTRAINT "deployments_pk" PRIMARY KEY("id"),
	CONSTRAINT "deployments_undoes" UNIQUE("undoes")
);
--> statement-breakpoint
CREATE TABLE "gate_decisions" (
	"id" bigserial NOT NULL,
	"asset" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"horizon_minutes" integer NOT NULL,
	"arm" text NOT NULL,
	"kind" text NOT NULL,
	"candidate" text NOT NULL,
	"incumbent_arm" text,
	"incumbent" text,
	"n" integer NOT NULL,
	"gain" double precision,
	"low" double precision,
	"high" double precision,
	"threshold" double precision,
	"agreement" double precision,
	"verdict" text NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "gate_decisions_pk" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE TABLE "model_versions" (
	"asset" text NOT NULL,
	"family" text NOT NULL,
	"version" text NOT NULL,
	"manifest_hash" text NOT NULL,
	"recipe" text NOT NULL,
	"feature_set" text NOT NULL,
	"scorer" text NOT NULL,
	"parent" text,
	"trained_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "model_versions_pk" PRIMARY KEY("family","version")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" bigserial NOT NULL,
	"asset" text NOT NULL,
	"family" text NOT NULL,
	"version" text,
	"at" timestamp with time zone NOT NULL,
	"trigger" text NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"parameters" jsonb NOT NULL,
	"metrics" jsonb NOT NULL,
	"data_hash" text,
	"trials" integer NOT NULL,
	CONSTRAINT "runs_pk" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE INDEX "deployments_by_asset" ON "deployments" USING btree ("asset","id");--> statement-breakpoint
CREATE INDEX "gate_decisions_by_time" ON "gate_decisions" USING btree ("asset","at");--> statement-breakpoint
CREATE INDEX "runs_by_time" ON "runs" USING btree ("asset","at");--> statement-breakpoint
CREATE FUNCTION "refuse_ledger_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is append-only: what was live when is never rewritten', TG_TABLE_NAME;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "deployments_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "deployments" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_ledger_change"();
