using System.CommandLine;
using Chat.Manifests;
using Chat.Manifests.Commands;

var root = new RootCommand("Turns an Aspire manifest into what a Kubernetes cluster runs.")
{
    GenerateCommand.Create(),
    SecretsCommand.Create(),
    BuildImagesCommand.Create(),
};

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (ManifestException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
