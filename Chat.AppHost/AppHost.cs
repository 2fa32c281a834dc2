using Chat.Hosting;

var builder = DistributedApplication.CreateBuilder(args);

// The last 100 messages of each room, sessions, presence, and the path between the API's pods.
var cache = builder.AddRedis("cache")
    .WithDataVolume()
    .RunLocally();

// The queue message_save between the API and the workers.
var messaging = builder.AddRabbitMQ("messaging")
    .WithManagementPlugin()
    .WithDataVolume()
    .RunLocally();

// Messages, users, rooms.
var chatdb = builder.AddMongoDB("mongo")
    .WithDataVolume()
    .AddDatabase("chatdb")
    .RunLocally()
    .WithClearDataCommand(cache, messaging);

var api = builder.AddProject<Projects.Chat_Api>("api")
    .WithReference(cache)
    .WithReference(messaging)
    .WithReference(chatdb)
    .WaitFor(cache)
    .WaitFor(messaging)
    .WaitFor(chatdb)
    .WithReplicas(2)
    .WithMetricsEvery(TimeSpan.FromSeconds(10))
    .WithHttpHealthCheck("/health");

builder.AddProject<Projects.Chat_Worker>("worker")
    .WithReference(messaging)
    .WithReference(chatdb)
    .WaitFor(messaging)
    .WaitFor(chatdb)
    .WithMetricsEvery(TimeSpan.FromSeconds(10))
    .WithHttpHealthCheck("/health");

builder.AddProject<Projects.Chat_Web>("web")
    .WithReference(api)
    .WithReference(cache)
    .WithReference(chatdb)
    .WaitFor(api)
    .WithMetricsEvery(TimeSpan.FromSeconds(10))
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health")
    .PrintAddressWhenReady("Chat");

builder.Build().Run();
